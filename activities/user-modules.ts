import { importFunction } from "./import-module.ts";

/** What the user writes as a verifier; answers `{score, correct?, reason?}`, which the caller checks. */
export type Verify = (answer: { prompt: string; response: string; meta: unknown }) => unknown;

/** What makes demonstrations from a seed: `[{prompt, response}, …]`, which the caller checks. */
export type Demonstrate = (seed: number) => unknown;

/** The function that `oracle.module` exports; `version` names the file's content. Throws like {@link importFunction}. */
export async function importVerify(file: string, version: string): Promise<Verify> {
	const example = "export function verify({ prompt, response, meta }) { return { score, correct, reason }; }";
	return (await importFunction(file, "verify", example, version)) as Verify;
}

/** The function that `policy.fromScratch.demonstrations` exports. Throws like {@link importFunction}. */
export async function importDemonstrations(file: string): Promise<Demonstrate> {
	const example = "export default function (seed) { return [{ prompt, response }, …]; }";
	return (await importFunction(file, "default", example)) as Demonstrate;
}
