// How the provider behaves towards each client; tests change it through /admin/client and /admin/fault.
const clients = new Map();

export function habitsOf(clientId) {
  if (!clients.has(clientId)) {
    clients.set(clientId, {
      interval: 1, // seconds between two polls of a device code
      codeLife: 900, // seconds
      tokenLife: 3600, // seconds
      rotate: true, // whether a refresh token is replaced at each use
      faults: [], // answers to give instead of real ones, first in first out
    });
  }
  return clients.get(clientId);
}
