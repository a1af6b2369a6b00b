import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` passes the API on to a running collector: DRIFTLOCK_API=http://localhost:8080.
const api = process.env["DRIFTLOCK_API"] ?? "http://localhost:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  build: {
    target: "es2022",
    // light-dark() is understood from these on; lowered, it would not follow the theme that a reader chose.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // The pages' Content-Security-Policy takes neither inline scripts nor data: scripts and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Of everything that is bundled; the page names it under Settings.
    license: { fileName: "assets/licenses.md" },
  },
  server: { proxy: { "/v1": { target: api, changeOrigin: true } } },
  test: { include: ["src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"] },
});
