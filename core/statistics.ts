/** A mean with its 95 % confidence interval. */
export interface Interval {
	readonly mean: number;
	readonly low: number;
	readonly high: number;
	readonly n: number;
}

/** 97.5 % quantile of the standard normal distribution. */
const Z_95 = 1.959963984540054;

/**
 * Mean of rates in [0, 1] with the normal 95 % interval mean ± 1.96·s/√n, s with ddof 1, clipped to [0, 1].
 * Give it one value a prompt (the mean over that prompt's samples): samples of one prompt are not independent.
 *
 * @throws RangeError when there are no values
 */
export function meanInterval(values: readonly number[]): Interval {
	const { mean, low, high, n } = normalInterval(values);
	return { mean, low: Math.max(0, low), high: Math.min(1, high), n };
}

/**
 * Wilson's 95 % interval of a mean of n values in [0, 1] (Wilson 1927; Brown, Cai and DasGupta 2001): unlike mean ± 1.96·s/√n
 * it does not close when all values are equal, so it can be trusted where few values are all 1. It is Wilson's for values
 * 0 and 1; for values between it is wider than it need be, as their variance is at most mean·(1 − mean).
 *
 * @param total sum of the values
 * @throws RangeError when there are no values
 */
export function wilsonInterval(total: number, n: number): Interval {
	if (n < 1) throw new RangeError("a mean needs at least one value");
	// A sum of rounded values may come out a hair above n.
	const centre = Math.min(1, total / n);
	const z2 = Z_95 ** 2;
	const middle = (centre + z2 / (2 * n)) / (1 + z2 / n);
	const half = (Z_95 / (1 + z2 / n)) * Math.sqrt((centre * (1 - centre)) / n + z2 / (4 * n * n));
	// Rounding may put a bound a hair on the wrong side of a mean of 0 or 1.
	return {
		mean: centre,
		low: Math.min(centre, Math.max(0, middle - half)),
		high: Math.max(centre, Math.min(1, middle + half)),
		n,
	};
}

/**
 * Mean of differences a_i − b_i of two policies on the same prompts, with its normal 95 % interval. Prompts that are hard
 * for both cancel out, so this tells policies apart that two separate intervals do not.
 *
 * @throws RangeError when there are no values
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): Interval {
	return normalInterval(a.map((value, i) => value - b[i]!));
}

function normalInterval(values: readonly number[]): Interval {
	if (values.length === 0) throw new RangeError("a mean needs at least one value");
	const n = values.length;
	const centre = mean(values);
	const variance = n > 1 ? sum(values.map((v) => (v - centre) ** 2)) / (n - 1) : 0;
	const half = Z_95 * Math.sqrt(variance / n);
	return { mean: centre, low: centre - half, high: centre + half, n };
}

/** Of no values: NaN. */
export function mean(values: readonly number[]): number {
	return sum(values) / values.length;
}

export function sum(values: readonly number[]): number {
	return values.reduce((a, b) => a + b, 0);
}
