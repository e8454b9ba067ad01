import { z } from "zod";
import { campaignConfig } from "../../core/config.ts";
import { DnoError } from "../../core/errors.ts";
import { type SteeringSet, steeringSet, whyFixed, withValues } from "../../core/steering.ts";
import { applyOverride, parseSet } from "../overrides.ts";

/**
 * Reads the `--set key=value` of steering, and checks it against a campaign's config, so that a mistake is told before anything
 * is asked of the campaign.
 *
 * @throws {DnoError} There is none, a key is unknown or cannot change, or a value will not do.
 */
export function readSteeringSet(command: string, texts: readonly string[], config: unknown): SteeringSet {
	if (texts.length === 0)
		throw new DnoError({
			what: "--set is missing",
			where: command,
			mend: "Say what is to change, e.g. --set training.beta=0.05",
			kind: "usage",
		});
	const now = campaignConfig.parse(config);
	const raw = JSON.parse(JSON.stringify(now)) as Record<string, unknown>;
	const set: SteeringSet = {};
	for (const override of texts.map(parseSet)) {
		const { key, value, from } = override;
		applyOverride(raw, override);
		const why = whyFixed(key);
		if (why !== undefined)
			throw new DnoError({
				what: `${key} cannot change while the campaign runs: ${why}`,
				where: from,
				mend: "Begin another campaign with it",
				kind: "usage",
			});
		Object.assign(set, steeringSet.parse({ [key]: value }));
	}
	const checked = withValues(now, set);
	if (!checked.success) {
		const [issue] = checked.error.issues;
		const what = `${issue!.path.join(".")}: ${z.prettifyError(checked.error).split("\n")[0]!.replace(/^✖ /, "")}`;
		throw new DnoError({ what, where: texts.join(" "), mend: "Give a value that the config takes", kind: "usage" });
	}
	return set;
}
