#include "core/result.h"

#include <doctest/doctest.h>

using namespace twin;

TEST_CASE("an error reads as where, what, what to do") {
  CHECK(Error{ErrorKind::io, "cannot read", "a.md:3", "check the path"}.text() ==
        "a.md:3: cannot read (check the path)");
  CHECK(Error{ErrorKind::io, "cannot read", "", ""}.text() == "cannot read");
}

TEST_CASE("a failed item becomes Fatal only on request") {
  const Result<int> bad = fail(ErrorKind::network, "no answer", "http://x/");
  CHECK_THROWS_WITH_AS(value_or_throw(bad), "http://x/: no answer", Fatal);
  CHECK(value_or_throw(Result<int>(7)) == 7);
  try {
    value_or_throw(Result<void>(fail(ErrorKind::limit, "too big")));
    FAIL("must throw");
  } catch (const Fatal& fatal) {
    CHECK(fatal.error().kind == ErrorKind::limit);
    CHECK(to_string(fatal.error().kind) == "limit");
  }
}
