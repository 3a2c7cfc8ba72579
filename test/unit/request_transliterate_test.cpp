#include "core/request/transliterate.hpp"

#include <gtest/gtest.h>

namespace connector::core {
namespace {

std::string ascii(std::string_view text) {
  return to_ascii_lower(text, '?');
}

TEST(Transliterate, AsciiIsLowered) {
  EXPECT_EQ(ascii("AbZ 09_|\n"), "abz 09_|\n");
}

TEST(Transliterate, LatinLettersLoseTheirAccents) {
  EXPECT_EQ(ascii("ÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝ"), "aaaaaaceeeeiiiinoooooouuuuy");
  EXPECT_EQ(ascii("àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ"), "aaaaaaceeeeiiiinoooooouuuuyy");
  EXPECT_EQ(ascii("ßæÆœŒþÞðÐłŁđĐĳŋẞ"), "ssaeaeoeoeththddllddijngss");
  EXPECT_EQ(ascii("ĄĆĘŃÓŚŹŻąćęńóśźż"), "acenoszzacenoszz");
  EXPECT_EQ(ascii("ČĎĚŇŘŠŤŮŽčďěňřšťůž"), "cdenrstuzcdenrstuz");
  EXPECT_EQ(ascii("ĞİŞğış"), "gisgis");
  EXPECT_EQ(ascii("ŐŰőű ĀĒĪŪ āēīū Ģģ Ķķ Ļļ Ņņ"), "ouou aeiu aeiu gg kk ll nn");
  EXPECT_EQ(ascii("ȘșȚț Ơơ Ưư ế Ệ ẽ ỹ ƒ ə"), "sstt oo uu e e e y f e");
  EXPECT_EQ(ascii("nº 1ª"), "no 1a");
}

TEST(Transliterate, RussianIsSpeltOut) {
  EXPECT_EQ(ascii("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"), "abvgdeyozhziyklmnoprstufkhtschshshchyeyuya");
  EXPECT_EQ(ascii("АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"), "abvgdeyozhziyklmnoprstufkhtschshshchyeyuya");
  EXPECT_EQ(ascii("автотранспорта"), "avtotransporta");
}

TEST(Transliterate, OtherCyrillicLetters) {
  EXPECT_EQ(ascii("ґєіїҐЄІЇ"), "gyeiyigyeiyi");  // Ukrainian
  EXPECT_EQ(ascii("ўЎ"), "uu");                  // Belarusian
  EXPECT_EQ(ascii("ђјљњћџ"), "djjljnjcdz");      // Serbian
  EXPECT_EQ(ascii("ЂЈЉЊЋЏ"), "djjljnjcdz");
  EXPECT_EQ(ascii("ѓѕќЃЅЌ"), "gjdzkjgjdzkj");  // Macedonian
}

TEST(Transliterate, Greek) {
  EXPECT_EQ(ascii("Αθήνα Θεσσαλονίκη ψυχή"), "athina thessaloniki psychi");
}

TEST(Transliterate, DecomposedTextIsSpeltLikeComposed) {
  EXPECT_EQ(ascii("cafe\u0301 man\u0303ana"), "cafe manana");
  EXPECT_EQ(ascii("и\u0306 И\u0306 е\u0308 і\u0308 у\u0306 г\u0301 к\u0301"), ascii("й Й ё ї ў ѓ ќ"));
  EXPECT_EQ(ascii("а\u0301"), "a");  // a stress mark makes no other letter
}

TEST(Transliterate, SpacesBecomePlain) {
  EXPECT_EQ(ascii("a\u00a0b\u2003c\u3000d"), "a b c d");
  EXPECT_EQ(ascii("a\u200bb\ufeff"), "ab");
}

TEST(Transliterate, AllElseIsReplacedCharacterByCharacter) {
  EXPECT_EQ(ascii("名稱"), "??");
  EXPECT_EQ(ascii("😀€×÷"), "????");
  EXPECT_EQ(ascii("a\xff\xc3"), "a??");
}

}  // namespace
}  // namespace connector::core
