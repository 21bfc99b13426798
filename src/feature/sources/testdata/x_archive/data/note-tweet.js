window.YTD.note_tweet.part0 = [
  {
    "noteTweet" : {
      "noteTweetId" : "77",
      "createdAt" : "2022-03-07T08:00:00.000Z",
      "core" : {
        "text" : "A long post about rye that begins like this and is cut after some two hundred and eighty characters in the list of posts, but not here: rye needs acid, or it stays sticky.",
        "urls" : [ ], "mentions" : [ ], "hashtags" : [ ]
      }
    }
  }
]
