#include "feature/embed/general_questions.h"

namespace twin::feature {

const std::vector<std::string>& general_questions() {
  static const std::vector<std::string> questions = {
      "How do I use this feature?",
      "이 기능은 어떻게 쓰나요?",
      "What changed most recently",
      "가장 최근에 바뀐 점이 무엇인지 알려줘",
      "Installation steps",
      "설치 방법 정리",
      "Why does it fail with an error?",
      "왜 오류가 나는지 궁금합니다",
      "Difference between the two approaches",
      "두 방법의 차이점",
      "What should I do first to reduce costs?",
      "비용을 줄이려면 무엇부터 해야 하나요?",
      "Recommended order for beginners",
      "처음 시작하는 사람에게 추천하는 순서",
      "When does this take effect",
      "언제부터 적용되나요",
      "What did I write about that back then",
      "그때 내가 뭐라고 썼더라",
      "How to move data from one place to another",
      "데이터를 옮기는 방법",
      "Reasons for slow performance",
      "성능이 느려지는 이유",
      "Story of a trip I took",
      "예전에 다녀온 여행 이야기",
      "Who is eligible and how to apply",
      "신청 자격과 절차",
      "I want to restore the default settings",
      "설정을 원래대로 되돌리고 싶어요",
      "What I felt after reading the book",
      "책을 읽고 느낀 점",
      "Who is responsible for it?",
      "누가 책임을 지게 되나요?",
      "Building good habits",
      "좋은 습관을 만드는 법",
      "Nothing shows on the screen, how to fix it",
      "화면에 아무것도 안 나올 때 해결책",
      "Questions asked in interviews",
      "면접에서 받은 질문들",
      "What was decided in the meeting",
      "회의에서 결정한 내용",
  };
  return questions;
}

}  // namespace twin::feature
