import type { TextKey } from "./i18n";

/** The models the gateway serves, with the names they have on the page. */
export const models: readonly { id: string; label: TextKey }[] = [
  { id: "twin", label: "twin" },
  { id: "twin:no-rag", label: "twinNoRag" },
  { id: "base", label: "base" },
  { id: "base:rag", label: "baseRag" },
];
