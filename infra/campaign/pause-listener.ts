import type { CampaignEvent } from "../../core/events.ts";

type Emit = (event: CampaignEvent) => void;

/** Passes events on, and tells when one says that the campaign has paused. */
export function createPauseListener(emit: Emit): { readonly emit: Emit; readonly paused: Promise<"paused"> } {
	const { promise, resolve } = Promise.withResolvers<"paused">();
	return {
		emit(event) {
			emit(event);
			if (event.event === "paused") resolve("paused");
		},
		paused: promise,
	};
}
