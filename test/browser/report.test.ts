import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Report } from "../../core/report.ts";
import { winRateChartSvg } from "../../report/chart-svg.ts";
import { renderReport } from "../../report/render.ts";
import { findChromium } from "./find-chromium.ts";
import { emptyReport, fixtureReport, HOSTILE, hostileReport, rankingReport, runningReport } from "./fixture-report.ts";

const executablePath = findChromium();
const ARGS = [
	"--no-sandbox",
	"--disable-gpu",
	"--disable-quic",
	"--no-first-run",
	"--disable-background-networking",
	"--disable-component-update",
	"--disable-sync",
];
const SKIPPED =
	"report.html was not opened in a browser: no Chromium on PATH. Install one (apt-get install chromium) or set CHROMIUM_PATH.";

describe("report.html in Chromium", () => {
	let browser: Browser | undefined;
	const folder = mkdtempSync(join(tmpdir(), "dno-report-"));

	beforeAll(async () => {
		if (executablePath === undefined) console.warn(`SKIPPED: ${SKIPPED}`);
		else browser = await chromium.launch({ executablePath, args: ARGS });
	}, 60_000);
	beforeEach((context) => {
		if (executablePath === undefined) context.skip(SKIPPED);
	});
	afterAll(async () => {
		await browser?.close();
		rmSync(folder, { recursive: true });
	});

	/** Opens a report's page, and fails the test on any message, error or request of it. */
	async function visit(report: Report, look: (page: Page) => Promise<void>, width = 1200): Promise<void> {
		const path = join(folder, "report.html");
		writeFileSync(path, renderReport(report));
		const page = await browser!.newPage({ viewport: { width, height: 900 } });
		const trouble: string[] = [];
		page.on("console", (message) => trouble.push(message.text()));
		page.on("pageerror", (error) => trouble.push(error.message));
		page.on("request", (request) => {
			if (!request.isNavigationRequest() && !request.url().startsWith("data:")) trouble.push(request.url());
		});
		await page.goto(pathToFileURL(path).href);
		await look(page);
		await page.close();
		expect(trouble).toEqual([]);
	}

	const shownLines = (page: Page) => page.locator('.rate.main svg [aria-label="line"] path:visible').count();

	it("shows one line a method, and hides one when its box is cleared", () =>
		visit(fixtureReport(), async (page) => {
			expect(await shownLines(page)).toBe(4);
			await page.getByRole("checkbox", { name: "Offline KTO" }).uncheck();
			expect(await shownLines(page)).toBe(3);
			await page.getByRole("checkbox", { name: "Offline KTO" }).check();
			expect(await shownLines(page)).toBe(4);
		}));

	it("reads out the figures beside the pointer and by the arrow keys", () =>
		visit(fixtureReport(), async (page) => {
			const plot = page.locator(".rate.main .plot");
			await plot.hover({ position: { x: 600, y: 150 } });
			expect(await plot.locator(".tip").textContent()).toContain("DNO");
			await plot.focus();
			for (const _ of [0, 1, 2, 3, 4, 5, 6]) await page.keyboard.press("ArrowRight");
			const tip = (await plot.locator(".tip").textContent())!.replaceAll("\u00a0", " ");
			expect(tip).toContain("Iteration 6");
			expect(tip).toMatch(/DNO65\.5 %63\.0–68\.0/);
			await page.keyboard.press("Escape");
			expect(await plot.locator(".tip").count()).toBe(0);
		}));

	it("filters and searches the examples", () =>
		visit(fixtureReport(), async (page) => {
			const cards = page.locator(".example:visible");
			expect(await cards.count()).toBe(6);
			await page.getByRole("button", { name: "Show 12 more" }).click();
			expect(await cards.count()).toBe(18);
			await page.getByRole("radio", { name: "Broken (6)" }).check();
			expect(await page.locator(".example.broken:visible").count()).toBe(6);
			expect(await page.locator(".example.fixed:visible").count()).toBe(0);
			await page.getByRole("radio", { name: "All (34)" }).check();
			await page.getByRole("searchbox").fill("no such words anywhere");
			expect(await cards.count()).toBe(0);
		}));

	it("works without accuracy and examples", () =>
		visit(rankingReport(), async (page) => {
			expect(await page.locator(".rate .plot").count()).toBe(2);
			await page.locator(".rate.main .plot").hover({ position: { x: 600, y: 150 } });
			expect(await page.locator(".tip").textContent()).toContain("DNO");
		}));

	it("saves the report that it was made from", () =>
		visit(fixtureReport(), async (page) => {
			const [download] = await Promise.all([
				page.waitForEvent("download"),
				page.getByRole("button", { name: "Save report.json" }).click(),
			]);
			expect(download.suggestedFilename()).toBe("report.json");
			expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual(fixtureReport());
		}));

	it("keeps hostile text inert", () =>
		visit(hostileReport(), async (page) => {
			expect(await page.evaluate("window.pwned")).toBe(undefined);
			expect(await page.locator("main").textContent()).toContain(HOSTILE);
			await page.locator(".rate.main .plot").hover({ position: { x: 600, y: 150 } });
			expect(await page.locator(".tip").textContent()).toContain("<script>");
			expect(await page.evaluate("window.pwned")).toBe(undefined);
		}));

	it("draws win-rate.svg as XML that a browser reads, hostile names and all", async () => {
		const page = await browser!.newPage();
		for (const report of [fixtureReport(), emptyReport(), hostileReport()]) {
			const path = join(folder, "win-rate.svg");
			writeFileSync(path, winRateChartSvg(report));
			await page.goto(pathToFileURL(path).href);
			expect(await page.evaluate("document.documentElement.localName")).toBe("svg");
			expect(await page.evaluate("document.getElementsByTagName('parsererror').length")).toBe(0);
			expect(await page.evaluate("document.getElementsByTagName('script').length")).toBe(0);
		}
		await page.close();
	});

	it("refuses any script but its own, and the network", async () => {
		const page = await browser!.newPage();
		await page.setContent(renderReport(fixtureReport()));
		await page.evaluate(
			'document.body.append(Object.assign(document.createElement("script"), { textContent: "window.injected = 1" }))',
		);
		expect(await page.evaluate("window.injected")).toBe(undefined);
		const fetched = 'fetch("http://127.0.0.1:9/").then(() => "loaded", (error) => error.message)';
		const refused = page.waitForEvent("console", (message) => message.text().includes("Content Security Policy"));
		expect(await page.evaluate(fetched)).toContain("Failed to fetch");
		await refused;
		await page.close();
	});

	it("fits a narrow screen, in every state of a campaign", async () => {
		for (const report of [fixtureReport(), emptyReport(), runningReport(0), runningReport(1), hostileReport()]) {
			const look = async (page: Page) =>
				expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
			await visit(report, look, 360);
		}
	});
});
