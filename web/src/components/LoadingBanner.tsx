import { useEffect, useState } from "react";
import { isReady } from "../api/client";
import { t } from "../lib/i18n";

const pollMilliseconds = 1500;

/** Says that the models are being loaded, until they are. */
export function LoadingBanner() {
  const [ready, setReady] = useState(true);
  useEffect(() => {
    let timer: number | undefined;
    let ended = false;
    const poll = async () => {
      const now = await isReady();
      if (ended) return;
      setReady(now);
      if (!now) timer = window.setTimeout(() => void poll(), pollMilliseconds);
    };
    void poll();
    return () => {
      ended = true;
      window.clearTimeout(timer);
    };
  }, []);
  if (ready) return null;
  return (
    <div className="banner" role="status">
      <span className="spinner" aria-hidden="true" /> {t("loading")}
    </div>
  );
}
