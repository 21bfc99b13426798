import { useState } from "react";
import { Header, type View } from "./components/Header";
import { KeyDialog } from "./components/KeyDialog";
import { LoadingBanner } from "./components/LoadingBanner";
import { t } from "./lib/i18n";
import { ChatView } from "./views/ChatView";
import { CompareView } from "./views/CompareView";
import { ReportView } from "./views/ReportView";

export function App() {
  const [view, setView] = useState<View>("chat");
  const [locked, setLocked] = useState(false);
  const [unlocks, setUnlocks] = useState(0);
  const onLocked = () => setLocked(true);

  return (
    <div className="app">
      <a className="skip" href="#question">
        {t("skip")}
      </a>
      <Header view={view} onView={setView} />
      <LoadingBanner />
      <main className="view" id={`view-${view}`}>
        {/* The chat and the comparison stay mounted: an answer goes on while another view is looked at. */}
        <div className="pane" hidden={view !== "chat"}>
          <ChatView active={view === "chat"} onLocked={onLocked} />
        </div>
        <div className="pane" hidden={view !== "compare"}>
          <CompareView active={view === "compare"} onLocked={onLocked} />
        </div>
        {view === "report" && <ReportView key={unlocks} onLocked={onLocked} />}
      </main>
      {locked && (
        <KeyDialog
          onDone={() => {
            setLocked(false);
            setUnlocks(unlocks + 1);
          }}
        />
      )}
    </div>
  );
}
