import { t } from "../lib/i18n";
import { formatNumber, position, type Estimate } from "../lib/report";

/** Means with their intervals, drawn on one scale from the lowest to the highest end. */
export function EstimateTable({ caption, rows }: { caption: string; rows: Record<string, Estimate> }) {
  const list = Object.values(rows);
  const low = Math.min(0, ...list.map((row) => row.low));
  const high = Math.max(0, ...list.map((row) => row.high));
  return (
    <table className="estimates">
      <thead>
        <tr>
          <th scope="col">{caption}</th>
          <th scope="col" className="number" />
          <th scope="col">{t("interval")}</th>
          <th scope="col" className="number">
            n
          </th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(rows).map(([name, row]) => {
          const from = position(row.low, low, high);
          const to = position(row.high, low, high);
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="number strong">{formatNumber(row.mean)}</td>
              <td>
                <span className="interval">
                  <svg className="scale" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                    <rect className="scale-line" x="0" y="4.5" width="100" height="1" />
                    <rect className="scale-range" x={from} y="2.5" width={Math.max(0.8, to - from)} height="5" />
                    <rect className="scale-mean" x={position(row.mean, low, high) - 0.5} y="0" width="1" height="10" />
                  </svg>
                  <span className="interval-text">
                    {formatNumber(row.low)} – {formatNumber(row.high)}
                  </span>
                </span>
              </td>
              <td className="number">{row.n}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
