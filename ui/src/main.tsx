import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { applyTheme } from "./theme/theme";
import "./theme/theme.css";

// The page waits a moment for its typeface: text that changes its width when that comes would move everything.
const patience = 300;

applyTheme();
const root = document.getElementById("root");
if (root) {
  const typeface = document.fonts.load('1em "Instrument Sans"').catch(() => undefined);
  void Promise.race([typeface, new Promise((done) => setTimeout(done, patience))]).then(() => createRoot(root).render(<StrictMode><App /></StrictMode>));
}
