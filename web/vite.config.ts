import react from "@vitejs/plugin-react";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` talks to a running `twin serve`.
const api = loadEnv("", ".", "TWIN_").TWIN_URL ?? "http://127.0.0.1:8741";

export default defineConfig({
  plugins: [react()],
  // Everything stays a file of its own: the Content-Security-Policy allows no inline scripts or styles.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/v1": { target: api, changeOrigin: true }, "/health": { target: api, changeOrigin: true } } },
  test: { include: ["src/**/*.test.ts"] },
});
