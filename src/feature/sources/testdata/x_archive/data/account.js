window.YTD.account.part0 = [
  {
    "account" : {
      "email" : "haneul@example.org",
      "username" : "haneul_bakes",
      "accountId" : "1000",
      "accountDisplayName" : "김하늘"
    }
  }
]
