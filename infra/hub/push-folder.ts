import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createRepo, HubApiError, uploadFiles } from "@huggingface/hub";
import { DnoError } from "../../core/errors.ts";
import type { HubAccess } from "./access.ts";

/**
 * Puts a folder's files into a model repository in one commit, so that they come whole or not at all. The repository is
 * made where there is none.
 *
 * @param repo `organisation/name`
 * @returns address of the repository
 * @throws DnoError with what the hub said
 */
export async function pushFolder(folder: string, repo: string, { url, token }: HubAccess): Promise<string> {
	const names = (await readdir(folder)).toSorted();
	const files = names.map((name) => ({ path: name, content: pathToFileURL(join(folder, name)) }));
	const where = { repo: { type: "model" as const, name: repo }, hubUrl: url, accessToken: token };
	try {
		await createRepo(where).catch((error) => {
			if (!(error instanceof HubApiError && error.statusCode === 409)) throw error;
		});
		await uploadFiles({ ...where, files, commitTitle: "Exported by dno" });
	} catch (cause) {
		throw pushError(cause, `${url}/${repo}`);
	}
	return `${url}/${repo}`;
}

function pushError(cause: unknown, where: string): DnoError {
	const status = cause instanceof HubApiError ? cause.statusCode : undefined;
	const isRefused = status === 401 || status === 403;
	return new DnoError({
		what: isRefused ? "the hub refuses the token" : "the model could not be pushed",
		where,
		got: status === undefined ? reason(cause) : `${status}: ${(cause as Error).message}`,
		mend: isRefused
			? "Set HF_TOKEN to a token that may write to this organisation"
			: "Run again; HF_ENDPOINT names the hub",
		cause,
	});
}

function reason(error: unknown): string {
	const { cause } = error as Error;
	return cause instanceof Error ? `${(error as Error).message}: ${cause.message}` : String(error);
}
