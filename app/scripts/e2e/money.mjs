// Steps of a citizen who sends money, in the English texts of the app.

/** Opens the page of the money, from the home page. */
export async function openMoney(phone) {
  await phone.choose('Money');
  await phone.see('You were paid in all');
}

/** Writes whom something goes to. */
export async function writeReceiver(phone, address) {
  await phone.write('Address of the receiver', address);
  await phone.press('Continue');
}

/** Waits until a transfer is final, with blocks on top of it. */
export async function waitUntilDone(phone, demo) {
  await phone.see(/^(In the chain a moment ago|Done)$/);
  for (let block = 0; block < 4; block += 1) await demo.ask('evm_mine');
  await phone.see('nothing can change it any longer');
}
