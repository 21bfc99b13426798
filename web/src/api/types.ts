// The JSON of the gateway, as far as the page uses it.

export interface Citation {
  n: number;
  document_id: string;
  url: string;
  title: string;
  start: number;
  end: number;
  text: string;
}

export interface Passage {
  rank: number;
  score: number;
  document_id: string;
  url: string;
  title: string;
  heading: string;
  text: string;
  start: number;
  end: number;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface Timing {
  retrieve: number;
  first_token: number;
  total: number;
}

/** What arrives at the end of a streamed answer. */
export interface Finished {
  text: string;
  citations: Citation[];
  passages: Passage[];
  finishReason: string;
  usage?: Usage;
  timing?: Timing;
}

export interface ChatMessage {
  role: "user" | "assistant";
  content: string;
}
