/** Why judging has paused itself: calling on would burn money or retries. */
export interface Pause {
	readonly kind: "ceiling" | "authentication" | "quota";
	/** What the calls ended with. */
	readonly reason: string;
}

/** How a pause is ended. */
export function mendPause({ kind }: Pause): string {
	switch (kind) {
		case "ceiling":
			return "Raise the budget";
		case "authentication":
			return "Mend the key";
		case "quota":
			return "Have the account's quota raised";
	}
}
