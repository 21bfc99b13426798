window.YTD.tweets.part0 = [
  {
    "tweet" : {
      "id_str" : "1500000000000000003", "id" : "1500000000000000003",
      "created_at" : "Sat Mar 05 10:02:00 +0000 2022",
      "full_text" : "둘째, 온도를 잰다. {괄호}와 \"따옴표\"도 글이다.",
      "in_reply_to_status_id_str" : "1500000000000000001", "in_reply_to_user_id_str" : "1000",
      "entities" : { "hashtags" : [ ], "urls" : [ ] }, "lang" : "ko"
    }
  },
  {
    "tweet" : {
      "id_str" : "1500000000000000001",
      "created_at" : "Sat Mar 05 10:00:00 +0000 2022",
      "full_text" : "빵 굽는 법 &amp; 순서: 첫째, 기다린다. #빵 https://t.co/abc https://t.co/pic",
      "entities" : { "hashtags" : [ { "text" : "빵", "indices" : [ "1", "2" ] } ],
        "urls" : [ { "url" : "https://t.co/abc", "expanded_url" : "https://example.org/bread", "display_url" : "example.org/bread" } ],
        "media" : [ { "url" : "https://t.co/pic", "expanded_url" : "https://twitter.com/haneul_bakes/status/1/photo/1" } ] },
      "favorite_count" : "3", "lang" : "ko"
    }
  },
  {
    "tweet" : { "id_str" : "1500000000000000009", "created_at" : "Sun Mar 06 10:00:00 +0000 2022", "full_text" : "RT @other: not mine", "entities" : { } }
  },
  {
    "tweet" : { "id_str" : "1500000000000000010", "created_at" : "Sun Mar 06 11:00:00 +0000 2022", "full_text" : "@other I think so too", "in_reply_to_status_id_str" : "42", "in_reply_to_user_id_str" : "7", "entities" : { }, "lang" : "en" }
  },
  {
    "tweet" : { "id_str" : "1500000000000000011", "created_at" : "Mon Mar 07 08:00:00 +0000 2022", "full_text" : "A long post about rye that begins like this and is cut after some two hundred and eighty… https://t.co/more", "entities" : { "urls" : [ { "url" : "https://t.co/more", "expanded_url" : "https://twitter.com/i/web/status/1500000000000000011" } ] }, "lang" : "en" }
  }
]
