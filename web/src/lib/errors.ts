import { ApiError } from "../api/client";
import { t } from "./i18n";

/** An error as the reader sees it. */
export function errorText(error: unknown): string {
  if (error instanceof ApiError && error.status !== 0 && error.message) return error.message;
  return t("unreachable");
}
