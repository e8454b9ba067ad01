import { existsSync } from "node:fs";
import { dirname, extname, resolve } from "node:path";
import { importModel } from "../infra/models/import-model.ts";
import type { LoadedCampaign } from "../infra/workspace/open-campaign.ts";
import type { Renderer } from "./render/renderer.ts";

/** What `dno model import` is to be given for a campaign's `policy.source`; paths are relative to the config file. */
function modelSource(source: string, configFile: string): string {
	const isPath = source.startsWith(".") || extname(source) === ".gguf";
	return isPath ? resolve(dirname(configFile), source) : source;
}

/**
 * Imports the initial policy where its folder is not there and the config says what from.
 *
 * @throws {DnoError} It cannot be had; the signal's reason where that aborts.
 */
export async function ensureModel(
	{ config, file }: LoadedCampaign,
	{ renderer, signal }: { readonly renderer: Renderer; readonly signal: AbortSignal },
): Promise<void> {
	const { model, source } = config.policy;
	if (source === undefined || existsSync(model)) return;
	const remark = await importModel({
		source: modelSource(source, file),
		out: model,
		signal,
		onProgress: ({ stage, bytes, total }) =>
			renderer.show({
				event: "setup",
				text: stage,
				...(bytes !== undefined && { done: bytes }),
				...(total !== undefined && { total }),
			}),
	});
	if (remark !== undefined) renderer.note(remark);
}
