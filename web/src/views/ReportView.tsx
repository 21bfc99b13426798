import { useEffect, useState } from "react";
import { ApiError, fetchReport } from "../api/client";
import { EstimateTable } from "../components/EstimateTable";
import { errorText } from "../lib/errors";
import { t, type TextKey } from "../lib/i18n";
import { metricNames, readReport, type Report } from "../lib/report";

type State =
  | { kind: "loading" }
  | { kind: "none" }
  | { kind: "failed"; message: string }
  | { kind: "shown"; report: Report };

function useReport(onLocked: () => void): [State, () => void] {
  const [state, setState] = useState<State>({ kind: "loading" });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setState({ kind: "loading" });
    fetchReport(abort.signal)
      .then((json) => {
        if (json === undefined) return setState({ kind: "none" });
        const report = readReport(json);
        setState(report ? { kind: "shown", report } : { kind: "failed", message: t("odd") });
      })
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        if (error instanceof ApiError && error.status === 401) onLocked();
        setState({ kind: "failed", message: errorText(error) });
      });
    return () => abort.abort();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- asked again on request only
  }, [tries]);
  return [state, () => setTries(tries + 1)];
}

function Answers({ report }: { report: Report }) {
  if (report.questions.length === 0) return null;
  return (
    <section>
      <h2>{t("answers")}</h2>
      {report.questions.map((question, i) => (
        <details key={i} className="sample">
          <summary>{question.question}</summary>
          <div className="sample-answers">
            <div>
              <h3>{t("reference")}</h3>
              <p>{question.reference}</p>
            </div>
            {report.arms.map((arm) => (
              <div key={arm.name}>
                <h3>{arm.name}</h3>
                <p>{arm.answers[i]}</p>
              </div>
            ))}
          </div>
        </details>
      ))}
    </section>
  );
}

function Shown({ report }: { report: Report }) {
  return (
    <>
      {report.arms.length > 0 && (
        <section>
          <h2>{t("arms")}</h2>
          {metricNames(report.arms).map((metric) => (
            <EstimateTable
              key={metric}
              caption={metric}
              rows={Object.fromEntries(report.arms.flatMap((a) => (a.metrics[metric] ? [[a.name, a.metrics[metric]]] : [])))}
            />
          ))}
        </section>
      )}
      {report.sections.map((section) => (
        <section key={section.name}>
          <h2>{t(section.name as TextKey)}</h2>
          <EstimateTable caption={t("metric")} rows={section.rows} />
        </section>
      ))}
      {report.failures > 0 && <p className="failure">{t("failures", report.failures)}</p>}
      <Answers report={report} />
    </>
  );
}

export function ReportView({ onLocked }: { onLocked: () => void }) {
  const [state, retry] = useReport(onLocked);
  return (
    <div className="report" tabIndex={0}>
      <h1>{t("report")}</h1>
      {state.kind === "loading" && (
        <p className="pending" role="status">
          <span className="spinner" aria-hidden="true" /> {t("loadingReport")}
        </p>
      )}
      {state.kind === "none" && (
        <div className="empty">
          <h2>{t("noReport")}</h2>
          <p>{t("noReportHint")}</p>
        </div>
      )}
      {state.kind === "failed" && (
        <div className="failure" role="alert">
          <span>{state.message}</span>
          <button onClick={retry}>{t("retry")}</button>
        </div>
      )}
      {state.kind === "shown" && <Shown report={state.report} />}
    </div>
  );
}
