import type { CampaignEvent } from "../../core/events.ts";

/** Shows a campaign's events to whoever runs it. */
export interface Renderer {
	show(event: CampaignEvent): void;
	/** Something that is no event of a campaign: for people, never on a machine's stdout. */
	note(text: string): void;
	/** Leaves the terminal as it was found; nothing may be shown afterwards. */
	close(): void;
}

/** A stream to write on; terminals know their width. */
export interface Output {
	write(text: string): unknown;
	readonly isTTY?: boolean;
	readonly columns?: number;
}
