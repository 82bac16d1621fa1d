// What a client program and the test say to each other: one JSON object per line.
import { createInterface } from 'node:readline'

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

export const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SCOPE } = process.env

// open asks the test to log in at the URL, and returns where the browser was sent then.
export async function open(url) {
  console.log(JSON.stringify({ open: url.toString() }))
  return (await lines.next()).value
}

// report tells the test what the client found, and ends the program.
export function report(result) {
  process.stdout.write(JSON.stringify({ result }) + '\n', () => process.exit(0))
}
