import { useState } from "react";
import { t, type TextKey } from "../lib/i18n";
import { applyTheme, savedTheme, themes, type Theme } from "../lib/theme";
import { Icon, type IconName } from "./Icon";

export type View = "chat" | "compare" | "report";
const views: readonly View[] = ["chat", "compare", "report"];
const themeLabels: Record<Theme, TextKey> = { system: "system", light: "light", dark: "dark" };
const themeIcons: Record<Theme, IconName> = { system: "auto", light: "sun", dark: "moon" };

export function Header({ view, onView }: { view: View; onView: (view: View) => void }) {
  const [theme, setTheme] = useState(savedTheme);
  const nextTheme = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? "system";
    applyTheme(next);
    setTheme(next);
  };
  const themeLabel = `${t("theme")}: ${t(themeLabels[theme])}`;

  return (
    <header className="header">
      <span className="brand">
        <img src="/icon.svg" alt="" width="26" height="26" />
        Twin
      </span>
      <nav className="tabs" aria-label="Twin">
        {views.map((name) => (
          <button key={name} aria-current={view === name ? "page" : undefined} onClick={() => onView(name)}>
            {t(name)}
          </button>
        ))}
      </nav>
      <button className="icon-button" onClick={nextTheme} title={themeLabel} aria-label={themeLabel}>
        <Icon name={themeIcons[theme]} />
      </button>
    </header>
  );
}
