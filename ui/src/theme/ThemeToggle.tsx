import { useStore } from "../app/store";
import { Icon } from "./Icon";
import { nextTheme, setTheme, theme } from "./theme";

const names = { system: "as the system has it", light: "light", dark: "dark" } as const;
const icons = { system: "contrast", light: "sun", dark: "moon" } as const;

export function ThemeToggle() {
  const now = useStore(theme);
  const next = nextTheme(now);
  const label = `Theme: ${names[now]}. Change to: ${names[next]}`;
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={() => setTheme(next)} data-testid="theme-toggle">
      <Icon name={icons[now]} />
    </button>
  );
}
