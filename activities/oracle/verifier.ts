import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { DnoError } from "../../core/errors.ts";
import { type CandidateGroup, SCHEMA_VERSION, type Verdict } from "../../core/records.ts";
import { hashJson } from "../store/hash-json.ts";
import { importVerify, type Verify } from "../user-modules.ts";
import type { Oracle } from "./oracle.ts";

/** What a verifier module says of one response: a higher score is preferred, equal scores tie. */
const verification = z.object({
	score: z.number(),
	correct: z.boolean().optional(),
	reason: z.string().default(""),
});

/**
 * An oracle that is a program: a module exporting `verify({prompt, response, meta}) → {score, correct?, reason?}`.
 *
 * @param modulePath absolute path of the module
 * @throws DnoError when the module cannot be loaded or exports no `verify`
 */
export async function loadVerifier(modulePath: string): Promise<Oracle> {
	const where = modulePath;
	const source = await readFile(modulePath).catch((cause) => {
		throw new DnoError({ what: "the verifier module cannot be read", where, mend: "Check oracle.module", cause });
	});
	const fingerprint = createHash("sha256").update(source).digest("hex");
	const verify = await importVerify(modulePath, fingerprint);
	return { name: "verifier", fingerprint, judge: (group) => judgeGroup(verify, fingerprint, group) };
}

async function judgeGroup(verify: Verify, fingerprint: string, group: CandidateGroup): Promise<Verdict> {
	const { promptId, prompt, meta, responses } = group;
	const texts = responses.map((r) => r.text);
	const base = {
		schemaVersion: SCHEMA_VERSION,
		key: hashJson({ judge: "verifier", fingerprint, prompt, meta: meta ?? null, texts }),
		promptId,
		judge: "verifier",
		order: texts.map((_, i) => i),
	} as const;
	const found: z.infer<typeof verification>[] = [];
	for (const response of texts) {
		let answer: unknown;
		try {
			answer = await verify({ prompt, response, meta });
		} catch (error) {
			return { ...base, kind: "unjudged", reason: `verify threw: ${(error as Error)?.message ?? error}` };
		}
		const parsed = verification.safeParse(answer);
		if (!parsed.success) {
			return {
				...base,
				kind: "invalid",
				reason: `verify returned ${JSON.stringify(answer)}: ${z.prettifyError(parsed.error)}`,
			};
		}
		found.push(parsed.data);
	}
	const correct = found.flatMap((f) => (f.correct === undefined ? [] : [f.correct]));
	return {
		...base,
		kind: "scores",
		scores: found.map((f) => f.score),
		reasons: found.map((f) => f.reason),
		...(correct.length === found.length && { correct }),
	};
}
