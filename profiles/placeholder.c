typedef int profiles_placeholder;
