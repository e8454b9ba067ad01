import { expect, test } from "vitest";
import { belowS3, normalS3, parseS3Location } from "./location.ts";

test("an address is a bucket, a prefix, and how it is encrypted", () => {
	expect(parseS3Location("s3://my-bucket")).toEqual({ bucket: "my-bucket", prefix: "" });
	expect(parseS3Location("s3://my.bucket/team/dno/")).toEqual({ bucket: "my.bucket", prefix: "team/dno" });
	const key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd";
	const address = `s3://my-bucket/dno?kmsKeyId=${key}`;
	expect(parseS3Location(address)).toEqual({ bucket: "my-bucket", prefix: "dno", kmsKeyId: key });
	expect(parseS3Location(belowS3(address, "ledgers/a"))).toEqual({
		bucket: "my-bucket",
		prefix: "dno/ledgers/a",
		kmsKeyId: key,
	});
	expect(belowS3("s3://my-bucket/", "verdicts")).toBe("s3://my-bucket/verdicts");
});

test("slashes at a prefix's ends make no other store", () => {
	for (const address of ["s3://my-bucket/dno", "s3://my-bucket/dno/", "s3://my-bucket//dno//"])
		expect(normalS3(address)).toBe("s3://my-bucket/dno");
	expect(normalS3("s3://my-bucket/")).toBe("s3://my-bucket");
	expect(normalS3("s3://my-bucket/dno/?kmsKeyId=alias/dno")).toBe("s3://my-bucket/dno?kmsKeyId=alias/dno");
});

test.each([
	["s3://", "not an address of a store in a bucket"],
	["s3://Bucket/x", "not an address of a store in a bucket"],
	["s3://bucket/a/../b", "a prefix takes letters"],
	["s3://bucket/a b", "a prefix takes letters"],
	["s3://bucket/a?kmsKey=x", 'a store\'s address has no such setting. got "kmsKey". Did you mean kmsKeyId?'],
])("%s: %s", (address, message) => {
	expect(() => parseS3Location(address)).toThrow(message);
});
