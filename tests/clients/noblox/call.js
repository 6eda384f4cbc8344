// Calls one function of noblox.js as the owner of COOKIE and prints what came of it as one line of JSON:
//   node call.js updateBadgeInfo '[459405541,"Name","Description",true]'
// → {"result":…}, or {"error":{"message","status","code"}} and exit code 1.
// "$COOKIE" as an argument stands for the session, where a function wants it in its options ("jar").
'use strict'

const noblox = require('noblox.js')

async function main ([name, json = '[]']) {
  await noblox.setCookie(process.env.COOKIE)
  const args = JSON.parse(json, (_, value) => value === '$COOKIE' ? process.env.COOKIE : value)
  return await noblox[name](...args)
}

main(process.argv.slice(2)).then(
  result => console.log(JSON.stringify({ result })),
  error => {
    console.log(JSON.stringify({
      error: { message: error.message, status: error.httpStatusCode ?? null, code: error.error?.code ?? null }
    }))
    process.exitCode = 1
  })
