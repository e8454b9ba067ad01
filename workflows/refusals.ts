import { ActivityFailure, ApplicationFailure } from "@temporalio/workflow";
import { JUDGE_AUTHENTICATION, JUDGE_CEILING, JUDGE_QUOTA } from "../core/failure-types.ts";
import type { Pause } from "../core/pause.ts";

/** A call that was refused for a reason that concerns others too. */
export interface Refusal extends Pause {
	readonly key: string;
}

const KINDS: Readonly<Record<string, Pause["kind"]>> = {
	[JUDGE_AUTHENTICATION]: "authentication",
	[JUDGE_QUOTA]: "quota",
	[JUDGE_CEILING]: "ceiling",
};

/** Why judging pauses on failures of a type; undefined where it does not. */
export function pauseKind(type: string): Pause["kind"] | undefined {
	return KINDS[type];
}

/** The refusal that an activity ended with; undefined where it failed otherwise. */
export function refusalOf(error: unknown): Refusal | undefined {
	const cause = error instanceof ActivityFailure ? error.cause : undefined;
	if (!(cause instanceof ApplicationFailure)) return undefined;
	const kind = pauseKind(cause.type ?? "");
	return kind && { kind, reason: cause.message, key: cause.details?.[0] as string };
}
