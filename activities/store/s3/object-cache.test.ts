import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { writeFileAtomic } from "../atomic-write.ts";
import { createObjectCache } from "./object-cache.ts";

const sha = (text: string) => createHash("sha256").update(text).digest("hex");
const text = (i: number) => String(i).repeat(100);

test("what was not used for longest makes room, also for another process", async () => {
	const folder = temporaryFolder();
	const caches = [createObjectCache(folder, 1000), createObjectCache(folder, 1000)];
	for (let i = 0; i < 9; i++) {
		const path = caches[0]!.pathOf(sha(text(i)));
		await writeFileAtomic(path, text(i));
		utimesSync(path, i, i);
	}
	expect(String(await caches[1]!.read(sha(text(0))))).toBe(text(0));
	await writeFileAtomic(caches[0]!.pathOf(sha(text(9))), text(9));
	await caches[0]!.added(100);
	const kept = Array.from({ length: 10 }, (_, i) => existsSync(caches[0]!.pathOf(sha(text(i)))));
	expect(kept).toEqual([true, false, true, true, true, true, true, true, true, true]);
});

test("what would push out all others is not kept, and a limit of nothing keeps nothing", () => {
	const cache = createObjectCache(temporaryFolder(), 1000);
	expect([cache.takes(500), cache.takes(501)]).toEqual([true, false]);
	expect(createObjectCache(temporaryFolder(), 0).takes(1)).toBe(false);
});

test("a damaged file is none, and is removed", async () => {
	const folder = temporaryFolder();
	const cache = createObjectCache(folder, 1000);
	const path = cache.pathOf(sha("rows"));
	await writeFileAtomic(path, "rows");
	expect(String(await cache.read(sha("rows")))).toBe("rows");
	writeFileSync(path, "rots");
	expect(await cache.read(sha("rows"))).toBeUndefined();
	expect(existsSync(path)).toBe(false);
});

test("processes that fill and empty it at once read whole objects or none", async () => {
	const folder = temporaryFolder();
	const caches = Array.from({ length: 4 }, () => createObjectCache(folder, 1000));
	const use = async (cache: (typeof caches)[number], round: number) => {
		for (let i = 0; i < 40; i++) {
			const each = text((i * 7 + round) % 30);
			const read = await cache.read(sha(each));
			if (read !== undefined) expect(String(read)).toBe(each);
			else await writeFileAtomic(cache.pathOf(sha(each)), each);
			await cache.added(each.length);
		}
	};
	await Promise.all(caches.map(use));
	const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /[0-9a-f]{64}$/.test(name));
	expect(files.length).toBeGreaterThan(0);
	for (const name of files) expect(sha(readFileSync(`${folder}/${name}`, "utf8"))).toBe(name.slice(-64));
});
