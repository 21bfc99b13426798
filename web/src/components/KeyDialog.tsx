import { useEffect, useRef, useState } from "react";
import { saveKey } from "../api/client";
import { t } from "../lib/i18n";

/** Asks for the API key; it is kept for this tab only. */
export function KeyDialog({ onDone }: { onDone: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [key, setKey] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="key-dialog" onClose={onDone} aria-labelledby="key-title">
      <form
        method="dialog"
        onSubmit={() => {
          saveKey(key.trim());
        }}
      >
        <h2 id="key-title">{t("key")}</h2>
        <p>{t("keyHint")}</p>
        <input
          type="password"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          autoComplete="off"
          aria-label={t("key")}
          required
        />
        <button className="primary">{t("unlock")}</button>
      </form>
    </dialog>
  );
}
