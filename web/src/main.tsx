import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { language } from "./lib/i18n";
import { applyTheme, savedTheme } from "./lib/theme";
import "./styles/base.css";
import "./styles/chat.css";
import "./styles/report.css";

document.documentElement.lang = language;
applyTheme(savedTheme());
const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
