#include "feature/embed/general_questions.h"

namespace twin::feature {

const std::vector<GeneralQuestion>& general_questions() {
  static const std::vector<GeneralQuestion> questions = {
      {"en", "How do I use this feature?", "What are the steps for operating this function"},
      {"en", "What changed most recently", "Latest news about updates"},
      {"en", "Installation steps", "Setting it up on a new machine"},
      {"en", "Why does it fail with an error?", "It crashes, what is wrong"},
      {"en", "Difference between the two approaches", "Which method is better, one or the other"},
      {"en", "What should I do first to reduce costs?", "Saving money, where to begin"},
      {"en", "Recommended order for beginners", "I am new to this, what should come first and next"},
      {"en", "When does this take effect", "From which date is it valid"},
      {"en", "What did I write about that back then", "My old notes on the subject"},
      {"en", "How to move data from one place to another", "Transferring files to a different server"},
      {"en", "Reasons for slow performance", "What makes it take so long to run"},
      {"en", "Story of a trip I took", "Memories of my journey abroad"},
      {"en", "Who is eligible and how to apply", "Requirements for submitting a request"},
      {"en", "I want to restore the default settings", "Reset everything to how it was originally configured"},
      {"en", "What I felt after reading the book", "Thoughts on a novel I finished"},
      {"en", "Who is responsible for it?", "The person to blame if something goes wrong"},
      {"en", "Building good habits", "Doing the right thing every day until it becomes routine"},
      {"en", "Nothing shows on the screen, how to fix it", "The monitor stays black, help"},
      {"en", "Questions asked in interviews", "What a recruiter wants to know from a candidate"},
      {"en", "What was decided in the meeting", "Conclusions that the team agreed on"},
      {"ko", "이 기능은 어떻게 쓰나요?", "사용 방법 좀 알려 주세요"},
      {"ko", "가장 최근에 바뀐 점이 무엇인지 알려줘", "최신 업데이트 소식"},
      {"ko", "설치 방법 정리", "새 컴퓨터에 까는 순서"},
      {"ko", "왜 오류가 나는지 궁금합니다", "에러 원인이 뭘까"},
      {"ko", "두 방법의 차이점", "둘 중에 뭐가 더 나은지 비교"},
      {"ko", "비용을 줄이려면 무엇부터 해야 하나요?", "돈 아끼는 첫걸음"},
      {"ko", "처음 시작하는 사람에게 추천하는 순서", "초보자가 밟아야 할 단계"},
      {"ko", "언제부터 적용되나요", "시행일이 며칠이죠"},
      {"ko", "그때 내가 뭐라고 썼더라", "예전 메모 내용 찾기"},
      {"ko", "데이터를 옮기는 방법", "파일 이전하기"},
      {"ko", "성능이 느려지는 이유", "속도가 떨어지는 까닭"},
      {"ko", "예전에 다녀온 여행 이야기", "해외에서 보낸 휴가의 기억"},
      {"ko", "신청 자격과 절차", "누가 어떻게 접수할 수 있는지"},
      {"ko", "설정을 원래대로 되돌리고 싶어요", "초기화하는 법"},
      {"ko", "책을 읽고 느낀 점", "소설 감상문"},
      {"ko", "누가 책임을 지게 되나요?", "잘못되면 담당자는 어떤 처벌을 받는지"},
      {"ko", "좋은 습관을 만드는 법", "매일 꾸준히 하는 비결"},
      {"ko", "화면에 아무것도 안 나올 때 해결책", "모니터가 까맣게 꺼져 있으면 조치할 일"},
      {"ko", "면접에서 받은 질문들", "채용 담당자가 물어본 것"},
      {"ko", "회의에서 결정한 내용", "모임에서 합의한 사항"},
  };
  return questions;
}

}  // namespace twin::feature
