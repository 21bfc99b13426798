#include "core/http/address_guard.h"

#include <doctest/doctest.h>

using namespace twin;

namespace {

std::string block_of(const char* text) {
  const auto address = IpAddress::parse(text);
  REQUIRE_MESSAGE(address, text);
  return std::string(special_block(*address));
}

}  // namespace

TEST_CASE("addresses that are not on the public internet are known by their block") {
  const std::pair<const char*, const char*> special[] = {
      {"127.0.0.1", "loopback"},
      {"127.255.255.254", "loopback"},
      {"0.0.0.0", "this network"},
      {"0.1.2.3", "this network"},
      {"10.0.0.1", "private"},
      {"172.16.0.1", "private"},
      {"172.31.255.255", "private"},
      {"192.168.1.1", "private"},
      {"169.254.1.1", "link-local"},
      {"169.254.169.254", "cloud metadata"},
      {"168.63.129.16", "cloud metadata"},
      {"100.100.100.200", "cloud metadata"},
      {"100.64.0.1", "shared by a provider's customers"},
      {"192.0.0.8", "reserved"},
      {"198.18.0.1", "benchmarking"},
      {"192.0.2.1", "documentation"},
      {"224.0.0.1", "multicast or reserved"},
      {"255.255.255.255", "multicast or reserved"},
      {"::1", "loopback"},
      {"::", "this network"},
      {"fe80::1", "link-local"},
      {"fe80::1%eth0", "link-local"},
      {"fd12:3456::1", "private"},
      {"fec0::1", "private"},
      {"fd00:ec2::254", "cloud metadata"},
      {"ff02::1", "multicast or reserved"},
      {"2001:db8::1", "documentation"},
      {"2001::1", "reserved"},
      {"100::1", "reserved"},
      {"::127.0.0.1", "reserved"},
      // IPv4 addresses inside IPv6 ones
      {"::ffff:127.0.0.1", "loopback"},
      {"[::ffff:a00:1]", "private"},
      {"64:ff9b::10.1.2.3", "private"},
      {"64:ff9b::169.254.169.254", "cloud metadata"},
      {"64:ff9b:1::8.8.8.8", "reserved"},
      {"2002:7f00:1::", "loopback"},
      {"2002:c0a8:101::1", "private"},
      {"2606:4700::5efe:10.0.0.1", "private"},
  };
  for (const auto& entry : special) {
    CAPTURE(entry.first);
    CHECK(block_of(entry.first) == entry.second);
  }
}

TEST_CASE("public addresses are public") {
  for (const char* address :
       {"8.8.8.8", "1.1.1.1", "126.255.255.255", "128.0.0.1", "172.32.0.1", "100.128.0.1", "11.0.0.1", "169.253.1.1",
        "223.255.255.255", "2606:4700::1111", "64:ff9b::8.8.8.8", "2002:808:808::1"}) {
    CAPTURE(address);
    CHECK(block_of(address).empty());
  }
}

TEST_CASE("what is no address is none") {
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "01.2.3.4x", "256.1.1.1", "::g", "[", "0x7f.1"}) {
    CAPTURE(text);
    CHECK(!IpAddress::parse(text));
  }
}

TEST_CASE("allowed by name, address or network, and by nothing else") {
  const auto guard =
      AddressGuard::make({"Wiki.example.org", "*.corp.example", "192.168.1.10", "10.1.0.0/16", "fd00::/8"}).value();
  const auto refused = [&](const char* address, const char* host) {
    return guard.refusal(*IpAddress::parse(address), host).has_value();
  };
  CHECK(!refused("8.8.8.8", "anything.example"));
  CHECK(refused("10.0.0.1", "anything.example"));
  CHECK(!refused("10.0.0.1", "wiki.example.org"));
  CHECK(!refused("10.0.0.1", "WIKI.example.org."));
  CHECK(refused("10.0.0.1", "evil-wiki.example.org"));
  CHECK(refused("10.0.0.1", "wiki.example.org.evil.example"));
  CHECK(!refused("127.0.0.1", "a.b.corp.example"));
  CHECK(refused("127.0.0.1", "corp.example"));
  CHECK(refused("127.0.0.1", "evilcorp.example"));
  CHECK(!refused("192.168.1.10", "x"));
  CHECK(refused("192.168.1.11", "x"));
  CHECK(!refused("10.1.255.1", "x"));
  CHECK(refused("10.2.0.1", "x"));
  CHECK(!refused("fd12::1", "x"));
  CHECK(!refused("::ffff:10.1.2.3", "x"));
}

TEST_CASE("what a proxy is asked for is judged by its text") {
  const auto guard = AddressGuard::make({"127.0.0.2", "printer.local"}).value();
  for (const char* host : {"127.0.0.1", "[::1]", "10.0.0.1", "localhost", "foo.localhost", "nas.local", "intranet",
                           "metadata.google.internal", "LOCALHOST."}) {
    CAPTURE(host);
    CHECK(guard.refusal(host));
  }
  for (const char* host : {"127.0.0.2", "printer.local", "example.org", "8.8.8.8", "[2606:4700::1111]"}) {
    CAPTURE(host);
    CHECK(!guard.refusal(host));
  }
}

TEST_CASE("an entry that is no name, address or network is an error that names it") {
  for (const char* entry : {"", "http://x", "host:80", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/x", "a b", "*",
                            ".example.org", "*.*.org", "fd00::/129"}) {
    CAPTURE(entry);
    const auto guard = AddressGuard::make({"fine.example", entry});
    REQUIRE(!guard);
    CHECK(guard.error().kind == ErrorKind::usage);
    CHECK(!guard.error().hint.empty());
  }
}
