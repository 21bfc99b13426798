#include "feature/privacy/pii.h"

#include <doctest/doctest.h>

#include "feature/privacy/pii_checks.h"

namespace twin::feature {
namespace {

/// "kind=text" of each finding.
std::string found(const std::string& text) {
  std::string out;
  for (const PiiFinding& finding : find_pii(text)) {
    out += (out.empty() ? "" : "; ") + std::string(to_string(finding.kind)) + "=" +
           text.substr(finding.span.start, finding.span.end - finding.span.start);
  }
  return out;
}

/// A resident number with the right last digit.
std::string resident(const std::string& twelve, bool alien = false) {
  int sum = 0;
  for (std::size_t i = 0; i < 12; ++i) sum += (twelve[i] - '0') * static_cast<int>(2 + i % 8);
  const int check = ((alien ? 13 : 11) - sum % 11) % 10;
  return twelve.substr(0, 6) + "-" + twelve.substr(6) + std::to_string(check);
}

TEST_CASE("pii: e-mail addresses") {
  CHECK(found("Write to mina.park+blog@mail.example.org.") == "email=mina.park+blog@mail.example.org");
  CHECK(found("문의는 jisu_kim@naver.com으로 주세요") == "email=jisu_kim@naver.com");
  CHECK(found("<a@b.co>, (c@d.io)") == "email=a@b.co; email=c@d.io");
  CHECK(found("a@b, @name, @media, foo@1.2.3, icon@2x.png, getty@tty1.service, me@localhost, x@.com, dot.@b.com") ==
        "");
  CHECK(found("git clone git@github.com:user/repository.git; scp root@host.example.org:/etc/passwd .") == "");
  CHECK(found("postgres://app:s3cr3t@db.example.org:5432/app") == "password=s3cr3t");
  CHECK(found("https://example.org:8080/a@b") == "");
}

TEST_CASE("pii: Korean phone numbers") {
  for (const char* number :
       {"010-1234-5678", "010 1234 5678", "010.9876.5432", "01098765432", "010-12345678", "011-234-5678", "02-123-4567",
        "02-1234-5678", "031-123-4567", "02)123-4567", "(02) 123-4567", "070-1234-5678", "0505-123-4567",
        "+82 10-1234-5678", "+82-2-123-4567", "+821012345678", "+82 (0)10 1234 5678", "010\u20131234\u20135678"}) {
    CHECK_MESSAGE(found("연락처: " + std::string(number) + "로 주세요") == "phone=" + std::string(number), number);
  }
  CHECK(found("1588-1234로 문의하세요. 임진왜란(1592-1598)은") == "");
  CHECK(found("2024-01-02, 2024.01.02 12:30, 010-12-3456, 999-9999-9999") == "");
  CHECK(found("집 031-123-4567, 휴대폰 010-1111-2222") == "phone=031-123-4567; phone=010-1111-2222");
}

TEST_CASE("pii: phone numbers of elsewhere") {
  CHECK(found("call +1 415 555 2671 now") == "phone=+1 415 555 2671");
  CHECK(found("call +44 20 7946 0958.") == "phone=+44 20 7946 0958");
  CHECK(found("+4930901820") == "phone=+4930901820");
  CHECK(found("(415) 555-2671 or 415-555-2671 or 1-415-555-2671") ==
        "phone=(415) 555-2671; phone=415-555-2671; phone=1-415-555-2671");
  CHECK(found("+12345 bytes, 1+23456789, x = (a)+12345678, +280 123 456 789, +0 12345678") == "");
  CHECK(found("192.168.100.200 and 10.20.30.40:8080, ISBN 978-89-6848-297-5, 1,234,567,890") == "");
}

TEST_CASE("pii: resident registration numbers") {
  const std::string man = resident("900101123456"), woman = resident("051231412345"),
                    alien = resident("851115612345", true);
  CHECK(found("주민등록번호 " + man + "입니다") == "resident_number=" + man);
  CHECK(found(woman + " / " + alien) == "resident_number=" + woman + "; resident_number=" + alien);
  std::string plain = man;
  plain.erase(6, 1);
  CHECK(found(plain) == "resident_number=" + plain);
  std::string wrong = man;
  wrong.back() = static_cast<char>(wrong.back() == '9' ? '0' : wrong.back() + 1);
  CHECK(found("제품 번호 " + wrong) == "");
  CHECK_MESSAGE(found("주민등록번호: " + wrong) == "resident_number=" + wrong, "the text says what it is");
  CHECK(found(resident("901301123456")) == "");
  CHECK(found(resident("900230123456")) == "");
  CHECK(found(resident("900101923456")) == "");
  CHECK_MESSAGE(found("210315-3123456") == "resident_number=210315-3123456", "drawn at random since October 2020");
  CHECK(found("190315-3123456") == "");
  CHECK(found("주민등록번호 900101-1******") == "");
}

TEST_CASE("pii: payment cards") {
  CHECK(found("4111 1111 1111 1111") == "card=4111 1111 1111 1111");
  CHECK(found("카드 5500-0000-0000-0004로 결제") == "card=5500-0000-0000-0004");
  CHECK(found("3782 822463 10005, 378282246310005") == "card=3782 822463 10005; card=378282246310005");
  CHECK(found("4111111111111112, 1234567812345670, 0.4111111111111111, id/4111111111111111") == "");
  CHECK(luhn_valid("79927398713"));
  CHECK_FALSE(luhn_valid("79927398710"));
}

TEST_CASE("pii: bank accounts") {
  CHECK(found("IBAN DE89 3704 0044 0532 0130 00, thanks") == "account=DE89 3704 0044 0532 0130 00");
  CHECK(found("GB82WEST12345698765432") == "account=GB82WEST12345698765432");
  CHECK(found("DE88 3704 0044 0532 0130 00") == "");
  CHECK(found("국민은행 123456-01-234567 (김지수)") == "account=123456-01-234567");
  CHECK(found("계좌번호: 3333-01-2345678") == "account=3333-01-2345678");
  CHECK_MESSAGE(found("주문번호 3333-01-2345678") == "", "no bank is named");
}

TEST_CASE("pii: keys and tokens") {
  CHECK(found("AKIAIOSFODNN7EXAMPLE") == "key=AKIAIOSFODNN7EXAMPLE");
  const std::string github = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
  CHECK(found("export TOKEN=" + github + ";") == "key=" + github);
  CHECK(found("키는 sk-proj-Abc123def456Ghi789jkl012MNo 입니다") == "key=sk-proj-Abc123def456Ghi789jkl012MNo");
  CHECK(found("Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9") ==
        "key=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9");
  CHECK(found("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nafter") ==
        "key=-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----");
  CHECK(found("api_key = \"d41d8cd98f00b204e9800998ecf8427e\"") == "key=d41d8cd98f00b204e9800998ecf8427e");
  CHECK(found("토큰: q7Xk2Lw9PzR4tYb6") == "key=q7Xk2Lw9PzR4tYb6");
  CHECK(found("wJalrXUtnFEMI7K7MDENGbPxRfiCY2EXA8LEKEYz9") == "key=wJalrXUtnFEMI7K7MDENGbPxRfiCY2EXA8LEKEYz9");
}

TEST_CASE("pii: what technical writing is full of is no key") {
  CHECK(found("commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad") == "");
  CHECK(found("sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == "");
  CHECK(found("6f1ed002-ab5e-4b2b-8d4a-3f4f5c9a1b22") == "");
  CHECK(found("getElementsByTagNameAndAttribute2InDocumentFragment") == "");
  CHECK(found("sk-learn-contrib-preprocessing-module, /usr/lib/x86_64-linux-gnu/libfoo.so.1.2.3") == "");
  CHECK(found("https://docs.example.org/d/1aB2cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX3yZ/edit") == "");
  CHECK(found("The primary key: user_identifier_of_the_customer") == "");
  CHECK(found("") == "");
}

TEST_CASE("pii: masks") {
  const std::string text = "메일 a@b.co, 전화 010-1234-5678.";
  const auto findings = find_pii(text);
  const std::string masked = mask_pii(text, findings);
  CHECK(masked == "메일 [EMAIL], 전화 [PHONE].");
  CHECK(find_pii(masked).empty());
  for (const PiiKind kind : {PiiKind::email, PiiKind::phone, PiiKind::resident_number, PiiKind::card, PiiKind::account,
                             PiiKind::key, PiiKind::password}) {
    CHECK(find_pii("계좌 key=" + pii_mask(kind)).empty());
  }
  // A part of the text: what reaches over its edge is cut to it, the rest is not its.
  const std::size_t at = findings[0].span.start + 2;
  CHECK(mask_pii(std::string_view(text).substr(at), findings, at) == "[EMAIL], 전화 [PHONE].");
  CHECK(mask_pii(std::string_view(text).substr(0, at), findings) == "메일 [EMAIL]");
  CHECK(describe(findings) == "email 7-13, phone 22-35");
}

TEST_CASE("pii: hostile input ends, and spans stay inside") {
  std::string digits, at_signs, bytes;
  for (int i = 0; i < 20'000; ++i) {
    digits += "1 ";
    at_signs += "a@";
    bytes += static_cast<char>(i * 131);
  }
  for (const std::string& text : {digits, at_signs, bytes, std::string(200'000, 'A'), std::string(200'000, '1'),
                                  std::string(50'000, '+'), "eyJ" + std::string(100'000, 'x'), std::string("+82"),
                                  std::string("-----BEGIN PRIVATE KEY-----"), std::string("AB12")}) {
    std::size_t last = 0;
    for (const PiiFinding& finding : find_pii(text)) {
      CHECK(finding.span.start >= last);
      CHECK(finding.span.end > finding.span.start);
      CHECK(finding.span.end <= text.size());
      last = finding.span.end;
    }
  }
}

}  // namespace
}  // namespace twin::feature
