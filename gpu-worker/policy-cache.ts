import { access, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { readManifest } from "../activities/store/manifest.ts";
import type { Store } from "../activities/store/store.ts";
import type { PolicyRef } from "../core/steps.ts";
import { materialisePolicy } from "./policies.ts";

/** Policies on a host's own disk, for workspaces whose folder or store is far away or that make more of them than fit. */
export interface PolicyCache {
	/** The policy's folder; the bytes are checked, see {@link materialisePolicy}. */
	open(store: Store, policy: PolicyRef, reads?: "all" | "all but weights"): Promise<string>;
}

/** A training reads a policy and its reference; they stay, whatever the limit. */
const KEPT = 2;

/**
 * Keeps at most `limit` bytes of policies in a folder that is this process's own: what was used longest ago goes first, before
 * a new one comes.
 */
export function createPolicyCache(folder: string, limit: number): PolicyCache {
	let lately: readonly string[] = [];
	let turn: Promise<unknown> = Promise.resolve();
	const openNow: PolicyCache["open"] = async (store, { manifest }, reads) => {
		const name = manifest.sha256;
		lately = [name, ...lately.filter((each) => each !== name)].slice(0, KEPT);
		if (!(await isThere(join(folder, name)))) {
			const { files } = readManifest(await store.get(manifest));
			const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
			await makeRoom(folder, limit - bytes, new Set(lately));
		}
		const path = await materialisePolicy(store, folder, { name, manifest }, reads);
		const now = new Date();
		await utimes(path, now, now);
		return path;
	};
	return {
		open: (...args) => {
			const mine = turn.then(() => openNow(...args));
			turn = mine.catch(() => {});
			return mine;
		},
	};
}

/** A policy's folder: in the cache where a host has one, else in the campaign's `policies`. */
export function openPolicy(
	{ store, policies, cache }: { readonly store: Store; readonly policies: string; readonly cache?: PolicyCache },
	policy: PolicyRef,
	reads: "all" | "all but weights" = "all",
): Promise<string> {
	return cache === undefined ? materialisePolicy(store, policies, policy, reads) : cache.open(store, policy, reads);
}

/** Removes folders, the one used longest ago first, until what is left takes at most `room` bytes. */
async function makeRoom(folder: string, room: number, kept: ReadonlySet<string>): Promise<void> {
	const names = await readdir(folder).catch(() => []);
	const found = await Promise.all(
		names.map(async (name) => ({
			name,
			used: (await stat(join(folder, name))).mtimeMs,
			bytes: await sizeOf(join(folder, name)),
		})),
	);
	let left = found.reduce((sum, { bytes }) => sum + bytes, 0);
	for (const { name, bytes } of found.toSorted((a, b) => a.used - b.used)) {
		if (left <= room) return;
		if (kept.has(name)) continue;
		await rm(join(folder, name), { recursive: true, force: true });
		left -= bytes;
	}
}

async function sizeOf(folder: string): Promise<number> {
	const names = await readdir(folder, { recursive: true });
	const stats = await Promise.all(names.map((name) => stat(join(folder, name))));
	return stats.reduce((sum, { size }) => sum + size, 0);
}

function isThere(path: string): Promise<boolean> {
	return access(path).then(
		() => true,
		() => false,
	);
}
