/**
 * Puts optional packages of other platforms back into package-lock.json: `node infra/publish/complete-lockfile.ts`.
 *
 * npm leaves an optional package out of the lockfile when the registry it asked does not serve it, as mirrors of one
 * platform do, and `npm ci` then refuses the lockfile. Run this after `npm install` behind such a mirror.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Locked {
	readonly version?: string;
	readonly dev?: boolean;
	readonly optional?: boolean;
	readonly optionalDependencies?: Readonly<Record<string, string>>;
	readonly [key: string]: unknown;
}

const SYSTEMS = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"];
const PROCESSORS = ["arm64", "arm", "x64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32"];

const file = new URL("../../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8")) as { packages: Record<string, Locked> };
const added: string[] = [];
for (const { optionalDependencies = {}, dev } of Object.values(lock.packages)) {
	for (const [name, version] of Object.entries(optionalDependencies)) {
		const path = `node_modules/${name}`;
		if (path in lock.packages) continue;
		if (!/^\d/.test(version)) throw new Error(`${name} has no exact version: ${version}`);
		lock.packages[path] = { version, ...platformOf(name), ...(dev && { dev }), optional: true };
		added.push(name);
	}
}
const [root, ...others] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root!, ...others.toSorted(([a], [b]) => a.localeCompare(b, "en"))]);
writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`${added.length} packages put back\n${added.join("\n")}`);

/** Platform packages say in their names what they are for; without these fields npm would try to install them here. */
function platformOf(name: string): { os: string[]; cpu: string[] } {
	const words = name.split(/[/-]/);
	const os = SYSTEMS.find((system) => words.includes(system));
	const cpu =
		PROCESSORS.find((processor) => words.includes(processor)) ?? (name.endsWith("-wasm") ? "wasm32" : undefined);
	if (cpu === undefined) throw new Error(`cannot tell the platform of ${name}`);
	return { os: os === undefined ? [] : [os], cpu: [cpu] };
}
