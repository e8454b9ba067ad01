/** How long a host waits for a step that it has been claimed for, in milliseconds: a workflow's turn takes far less. */
const CLAIM_MS = 10_000;

/** Whether a host has work: one model at a time has the device. */
export interface HostOccupancy {
	/** Takes the host for a step that is about to come; false where it is busy. */
	claim(): boolean;
	/** A step begins; call the result at its end. */
	begin(): () => void;
}

/** @param now milliseconds of a clock that does not jump */
export function createOccupancy(now: () => number = () => performance.now()): HostOccupancy {
	let running = 0;
	let claimedUntil = Number.NEGATIVE_INFINITY;
	return {
		claim() {
			if (running > 0 || now() < claimedUntil) return false;
			claimedUntil = now() + CLAIM_MS;
			return true;
		},
		begin() {
			running++;
			claimedUntil = Number.NEGATIVE_INFINITY;
			let isOver = false;
			return () => {
				if (!isOver) running--;
				isOver = true;
			};
		},
	};
}
