/** Places and acts that every home page leads to. */
export interface Around {
  isCardChecked: boolean;
  oncard: () => void;
  onmoney: () => void;
  oncheck: () => void;
  onabout: () => void;
  onendpoints: () => void;
  onservices: () => void;
  onsettings: () => void;
  onhelp: () => void;
  onlock: () => void;
}
