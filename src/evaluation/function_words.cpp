// The word lists of the style and support measures. Changing one changes results: raise evaluation_version.
#include <algorithm>

#include "evaluation/words.h"

namespace twin::evaluation {

const std::vector<std::string>& english_function_words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> list = {
        "a",       "about",   "above",     "across",   "after",   "again",     "against", "all",      "almost",
        "along",   "already", "also",      "although", "always",  "am",        "among",   "an",       "and",
        "another", "any",     "are",       "aren't",   "around",  "as",        "at",      "away",     "back",
        "be",      "because", "been",      "before",   "behind",  "being",     "below",   "between",  "beyond",
        "both",    "but",     "by",        "can",      "can't",   "cannot",    "could",   "couldn't", "did",
        "didn't",  "do",      "does",      "doesn't",  "doing",   "don't",     "done",    "down",     "during",
        "each",    "either",  "enough",    "even",     "ever",    "every",     "few",     "for",      "from",
        "further", "had",     "hadn't",    "has",      "hasn't",  "have",      "haven't", "having",   "he",
        "hence",   "her",     "here",      "hers",     "herself", "him",       "himself", "his",      "how",
        "however", "i",       "i'd",       "i'll",     "i'm",     "i've",      "if",      "in",       "indeed",
        "instead", "into",    "is",        "isn't",    "it",      "it's",      "its",     "itself",   "just",
        "least",   "less",    "let",       "let's",    "like",    "many",      "may",     "maybe",    "me",
        "might",   "mine",    "more",      "most",     "much",    "must",      "my",      "myself",   "neither",
        "never",   "no",      "none",      "nor",      "not",     "nothing",   "now",     "of",       "off",
        "often",   "on",      "once",      "one",      "only",    "onto",      "or",      "other",    "others",
        "our",     "ours",    "out",       "over",     "own",     "per",       "perhaps", "quite",    "rather",
        "really",  "same",    "shall",     "she",      "should",  "shouldn't", "since",   "so",       "some",
        "still",   "such",    "than",      "that",     "that's",  "the",       "their",   "theirs",   "them",
        "then",    "there",   "therefore", "these",    "they",    "this",      "those",   "though",   "through",
        "thus",    "to",      "together",  "too",      "toward",  "towards",   "under",   "unless",   "until",
        "up",      "upon",    "us",        "usually",  "very",    "was",       "wasn't",  "we",       "we'll",
        "we've",   "well",    "were",      "what",     "when",    "where",     "whether", "which",    "while",
        "who",     "whole",   "whom",      "whose",    "why",     "will",      "with",    "within",   "without",
        "won't",   "would",   "wouldn't",  "yet",      "you",     "you'll",    "you're",  "you've",   "your",
        "yours",   "yourself"};
    std::sort(list.begin(), list.end());
    return list;
  }();
  return words;
}

const std::vector<std::string>& korean_endings() {
  static const std::vector<std::string> endings = [] {
    std::vector<std::string> list = {
        // particles
        "은", "는", "이", "가", "을", "를", "의", "에", "에서", "에게", "에는", "에도", "으로", "로", "으로는", "로는",
        "와", "과", "도", "만", "까지", "부터", "보다", "처럼", "마다", "밖에", "조차", "라도", "이라도", "이나", "나",
        "이란", "란", "께서", "한테", "이라는", "라는", "이라고", "라고", "에서는", "에서도", "에게는", "와는", "과는",
        // endings that go on
        "고", "며", "면서", "지만", "는데", "은데", "인데", "니까", "으니까", "므로", "으므로", "면", "으면", "려고",
        "으려고", "어서", "아서", "여서", "해서", "거나", "도록", "든지", "다가", "자마자", "지", "기", "게", "던",
        "한", "할", "하는", "되는", "된",
        // endings that close
        "다", "이다", "한다", "했다", "된다", "였다", "었다", "았다", "있다", "없다", "는다", "ㄴ다", "습니다",
        "합니다", "됩니다", "입니다", "습니까", "합니까", "했습니다", "었습니다", "았습니다", "있습니다", "없습니다",
        "요", "어요", "아요", "해요", "했어요", "네요", "군요", "죠", "지요", "거든요", "세요", "하세요", "예요",
        "이에요", "까요", "을까", "일까", "하자", "자", "음", "함", "임", "것", "수"};
    std::sort(list.begin(), list.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
    return list;
  }();
  return endings;
}

}  // namespace twin::evaluation
