import { t } from "../lib/i18n";
import { models } from "../lib/models";

interface Props {
  value: string;
  onChange: (model: string) => void;
  label?: string;
  disabled?: boolean;
}

export function ModelSelect({ value, onChange, label = t("model"), disabled = false }: Props) {
  return (
    <select
      className="model-select"
      value={value}
      aria-label={label}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
    >
      {models.map((model) => (
        <option key={model.id} value={model.id}>
          {t(model.label)}
        </option>
      ))}
    </select>
  );
}
