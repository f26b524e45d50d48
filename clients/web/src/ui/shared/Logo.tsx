/** The product's mark. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 3C8.3 3 2 8.4 2 15.2c0 3.7 1.9 7 4.9 9.2-.2 1.6-.9 3-2 4.2-.3.4 0 1 .5.9 2.7-.3 5-1.3 6.7-2.6 1.2.3 2.5.4 3.9.4 7.7 0 14-5.4 14-12.1S23.7 3 16 3Z" />
      <circle cx="10.2" cy="15.2" r="2" />
      <circle cx="16" cy="15.2" r="2" />
      <circle cx="21.8" cy="15.2" r="2" />
    </svg>
  );
}
