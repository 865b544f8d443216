# merchant
