// Drives the web page of a running server in Chromium:
//   node page.test.mjs URL [QUESTION…]        TWIN_SCREENSHOTS=folder keeps pictures
// It asserts what holds for any project that is indexed: text streams in, the answer carries marks, a mark leads to its
// source, an answer can be stopped, the conversation survives a reload, two models answer side by side, no script error
// happens and nothing violates the Content-Security-Policy.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";

const url = process.argv[2];
const questions = process.argv.length > 3 ? process.argv.slice(3) : ["How do I install a package?"];
const question = questions[0];
const pictures = process.env.TWIN_SCREENSHOTS;
const patience = Number(process.env.TWIN_PATIENCE_MS ?? 120_000);
if (!url) {
  console.error("usage: node page.test.mjs URL [QUESTION…]");
  process.exit(2);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

async function picture(page, name) {
  if (!pictures) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** A page that collects what went wrong in it. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-US", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    const expected = message.text().includes("status of 404"); // the report before the first evaluation
    if (message.type() === "error" && !expected) faults.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith("data:")) faults.push(`asked ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, close: () => context.close() };
}

const ask = async (page, field, text) => {
  await page.fill(field, text);
  await page.press(field, "Enter");
};
const lastAnswer = (page) => page.locator("#view-chat .turn").last().locator(".answer");
const finished = (answer) => answer.and(answer.page().locator('[data-status="done"]')).waitFor();

const tests = {
  async "a question is answered as a stream, with marks that lead to their sources"() {
    const { page, faults, close } = await open();
    await page.getByRole("heading", { level: 1 }).waitFor();
    await picture(page, "empty");
    const answer = lastAnswer(page);
    const marks = answer.locator(".mark");
    let text = "";
    // A small model may ramble, and what no passage supports rightly gets no mark: one of the questions must get one.
    for (const asked of questions) {
      await ask(page, "#question", asked);
      await page.locator('#view-chat .answer[data-status="streaming"]').waitFor();
      await picture(page, "streaming");
      await finished(answer);
      text = await answer.locator(".answer-text").innerText();
      assert.notEqual(text.trim(), "", "the answer is empty");
      assert.ok((await page.locator(".side .source").count()) > 0, "no source is shown");
      if ((await marks.count()) > 0) break;
      await page.getByRole("button", { name: "New conversation" }).click();
    }
    assert.ok((await marks.count()) > 0, "no answer to any of the questions carries a mark");
    const n = (await marks.first().innerText()).trim();
    await marks.first().click();
    const source = page.locator('.side .source[data-active="true"]');
    await source.waitFor();
    assert.equal((await source.locator(".source-number").innerText()).trim(), n);
    assert.notEqual((await source.locator(".source-title").innerText()).trim(), "");
    assert.notEqual((await source.locator(".source-text").innerText()).trim(), "");
    assert.equal(await page.locator(".answer-text img, .answer-text script").count(), 0, "raw HTML reached the page");
    await picture(page, "answer");

    await page.reload();
    await page.locator("#view-chat .turn").first().waitFor();
    assert.equal(await lastAnswer(page).locator(".answer-text").innerText(), text, "the conversation was not kept");
    assert.deepEqual(faults, []);
    await close();
  },

  async "an answer can be stopped, and the next one follows"() {
    const { page, faults, close } = await open();
    // Long enough that the click comes before the end, however fast the model is.
    await page.selectOption("#view-chat .model-select", "base");
    await ask(page, "#question", "Write a very long story about a ship, with many chapters and much detail.");
    await page.locator('#view-chat .answer[data-status="streaming"]').waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator('#view-chat .answer[data-status="stopped"]').waitFor();
    await ask(page, "#question", question);
    await finished(lastAnswer(page));
    await page.getByRole("button", { name: "New conversation" }).click();
    assert.equal(await page.locator("#view-chat .turn").count(), 0);
    assert.deepEqual(faults, []);
    await close();
  },

  async "two models answer side by side"() {
    const { page, faults, close } = await open();
    await page.getByRole("button", { name: "Compare" }).click();
    await ask(page, "#compare-question", question);
    await page.locator('.column .answer[data-status="streaming"]').first().waitFor();
    await picture(page, "compare-streaming");
    for (const side of ["left", "right"]) await finished(page.locator(`.column[data-side="${side}"] .answer`));
    const text = (side) => page.locator(`.column[data-side="${side}"] .answer-text`).innerText();
    assert.notEqual(await text("left"), "");
    assert.notEqual(await text("right"), "");
    assert.equal(await page.locator('.column[data-side="left"] .mark').count(), 0, "the base model has no sources");
    assert.ok((await page.locator('.column[data-side="right"] .source').count()) > 0, "the twin shows no sources");
    await picture(page, "compare");
    assert.deepEqual(faults, []);
    await close();
  },

  async "the evaluation is shown, or that there is none yet"() {
    const { page, faults, close } = await open();
    await page.getByRole("button", { name: "Evaluation" }).click();
    await page.locator(".report .estimates, .report .empty").first().waitFor();
    assert.equal(await page.locator(".report .failure[role=alert]").count(), 0);
    await picture(page, "report");
    assert.deepEqual(faults, []);
    await close();
  },

  async "Korean, dark, on a telephone, with the keyboard alone"() {
    const { page, faults, close } = await open({
      locale: "ko-KR",
      colorScheme: "dark",
      viewport: { width: 390, height: 780 },
    });
    await page.getByRole("button", { name: "비교" }).waitFor();
    assert.equal(await page.getAttribute("html", "lang"), "ko");
    await page.keyboard.type(question); // the field has the focus
    await page.keyboard.press("Enter");
    await finished(lastAnswer(page));
    await picture(page, "phone");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    assert.equal(wide, false, "the page is wider than the screen");
    await page.setViewportSize({ width: 1280, height: 860 });
    await picture(page, "dark");
    assert.deepEqual(faults, []);
    await close();
  },
};

let failed = 0;
for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n${error.stack ?? error}`);
  }
}
await browser.close();
process.exit(failed === 0 ? 0 : 1);
